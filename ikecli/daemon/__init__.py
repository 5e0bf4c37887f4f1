"""The appliance (engine, configuration, data plane, clock) and the service that runs one on sockets."""
