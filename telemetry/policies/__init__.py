"""What every stack must keep to, as data: `rules.RULES`, looked at on every preview (docs/policies.md).

A rule looks at plain values, never at Pulumi's: so that the same table judges what the program registers
(`program.py`), what the report renders (`report/`), and what an engine shows a policy pack (`policy-pack/`).
"""
