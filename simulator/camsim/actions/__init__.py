"""Control actions: what people at a device and operators of the gateway can do."""
