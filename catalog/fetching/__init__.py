"""Asking strangers' servers: judged addresses, redirects and deadlines, for pictures and feeds alike."""
