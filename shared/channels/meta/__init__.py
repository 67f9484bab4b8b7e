"""What Meta's platforms share (WhatsApp, Messenger): signature, handshake, Graph errors, templates.

Not a channel.
"""
