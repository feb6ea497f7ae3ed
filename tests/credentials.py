"""What opens the simulator and the accounts of the tests, and nothing else."""

TOKEN = "vps_canary-5f2c1e9a7b.4d"
PASSWORD = "a good long password"
