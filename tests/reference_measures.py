"""What the reference simulator counts from the horizon's first day on."""

from collections import Counter, defaultdict


class Measures:
    def __init__(self):
        self.money = defaultdict(float)  # by kind
        self.service = defaultdict(float)  # by (speed, fate): units; orders; delivery days, summed over units filled
        self.shipped, self.packages = defaultdict(int), defaultdict(int)  # units and packages, by (node, zone)
        self.storage_m3 = {}  # at the close, by (day, node, storage type)
        self.yard_m3 = {}  # at the close, by (day, node)
        self.inbound = {}  # units put into storage, by (day, node)
        self.outbound = {}  # units shipped, by (ship date, node)
        self.lane = {}  # units departed, by (day, lane)
        self.by_day = {}  # what was added to money and service on a counted day, by (day, kind), and (day, speed, fate)
        self.events = []  # (minute, name, product, node, units), warm-up included
        self.noted = Counter()
        self.used = Counter()  # how often a rule decided something (warm-up included), so that tests can ask for each

    def note(self, day):
        """Record what has been added to money and service since the last record."""
        for key, amount in [*self.money.items(), *self.service.items()]:
            place = (day, *key) if isinstance(key, tuple) else (day, key)
            self.by_day[place] = self.by_day.get(place, 0.0) + amount - self.noted[key]
            self.noted[key] = amount
