"""The kernel's ESP: SAs and policies through the XFRM netlink family."""
