"""The values that cross the engine's boundary: effects and events out, notices in, views for `show`."""
