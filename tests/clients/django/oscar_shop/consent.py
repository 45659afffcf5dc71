def has_agreed(request):
    return request.COOKIES.get("agreed") == "yes"
