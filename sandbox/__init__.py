"""The world on one machine that a stack can be deployed into. No product code imports it."""
