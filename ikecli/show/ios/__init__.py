"""The layouts of IOS."""
