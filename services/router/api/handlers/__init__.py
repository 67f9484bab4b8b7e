"""What each operation does. `services.router.api.table` says under which address."""
