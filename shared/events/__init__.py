"""What travels between services: frozen, versioned pydantic models, wrapped as CloudEvents.

One module per topic; `shared.topics` is the table that says which model travels where.
"""
