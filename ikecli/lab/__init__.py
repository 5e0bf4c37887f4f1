"""Several appliances on an emulated network, without privileges."""
