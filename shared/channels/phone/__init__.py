"""Phone: Twilio Voice. `docs/channels.md` describes the call flow."""
