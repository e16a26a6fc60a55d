"""SOQL: `syntax` reads it, `resolve` finds fields, `conditions` compiles WHERE, `run` answers."""
