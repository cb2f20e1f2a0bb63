"""What `rapidjwt audit` does, on pyarrow: the extra `rapidjwt[audit]`.

`reading` finds the tokens in files, `verifying` verifies them, `tally` counts what is found out
about them, `parts` writes it to files, and `report` shows it. `engines` spreads the files over
workers.
"""
