def has_agreed(request):
    return request.COOKIES.get("agreed") == "yes"


def read_banner(request):
    """Return the level itself, in the words of Kindred's API."""
    return request.COOKIES.get("agreed", "none")
