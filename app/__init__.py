"""The heroes service: fills in the handler interface that is generated from the contract."""
