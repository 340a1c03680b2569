"""What every test has: two tiers, a time limit, no way out to the network, and machines to borrow."""

from hypothesis import settings

pytest_plugins = [
    "tests.tools.tiers",
    "tests.tools.workers",
    "tests.tools.memory",
    "tests.tools.time_limit",
    "tests.tools.no_network",
    "tests.tools.tasks",
    "tests.tools.postgres",
    "tests.tools.valkey",
    "tests.tools.databases",
    "tests.tools.staffed",
    "tests.tools.compiled",
    "tests.tools.browser",
]

# The same examples on every machine: a red test is red for everyone, and a slow machine is no bug.
settings.register_profile("renraku", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("renraku")
