rung = []


def ring():
    rung.append(True)
    raise OSError("no broker")
