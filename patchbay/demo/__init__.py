"""`make demo`: the whole of Patchbay on simulated customers, agents and providers.

Customers speak the providers' real protocols to the real listeners; agents use the real API.
What is counted is counted here, outside the services.
"""
