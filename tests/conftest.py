"""Settings that every test runs under."""

from hypothesis import settings

# Two shared cores make single examples slow now and then; a failure prints how to repeat it.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")
