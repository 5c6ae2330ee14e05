"""The command line ``twin``: one small module per command group."""
