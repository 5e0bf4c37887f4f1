"""What holds for all tests: property tests have no deadline, since machines are shared."""

from hypothesis import settings

settings.register_profile("ikecli", deadline=None)
settings.load_profile("ikecli")
