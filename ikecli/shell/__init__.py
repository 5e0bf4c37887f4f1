"""The session that an operator types in: modes, keys, pager, pipes; it reaches an appliance by control.client."""
