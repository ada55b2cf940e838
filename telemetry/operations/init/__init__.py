"""Sets up a new stack: what is asked, what the answers make, and how they are tried."""
