"""Known attacks, one test each, named by CVE, GHSA or RFC section."""
