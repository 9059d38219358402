"""Receiving and storage in the reference simulator: the yard, and from there into storage as door and space allow."""

from reference_network import UNLIMITED, ReferenceNetwork, Shipment, whole


class ReferenceReceiving(ReferenceNetwork):
    def arrive(self, shipment):
        self.in_transit.remove(shipment)
        self.happens("arrived", shipment.product, shipment.node, shipment.units)
        self.yard[shipment.node].append(shipment)
        self.put_away(shipment.node)

    def put_away(self, node):
        """First in, first out; what has no space holds up what comes behind it of its own storage type only."""
        kinds, held_up = self.c.products.storage_type_idx, set()
        for shipment in list(self.yard[node]):
            kind = kinds[shipment.product]
            if kind in held_up:
                continue
            units = min(shipment.units, self.room_to_receive(node), self.space(shipment.product, node))
            shipment.units -= units
            self.used_in[node] += units
            self.on_hand[shipment.product, node] += units
            if units:
                self.happens("stored", shipment.product, node, units)
                self.wake(shipment.product, node)
            if shipment.units:
                held_up.add(kind)
            else:
                self.yard[node].remove(shipment)

    def space(self, product, node):
        """Units of a product that fit into its storage."""
        kind, volume = self.c.products.storage_type_idx[product], self.c.products.volume_m3
        free_m3 = self.c.nodes.storage_m3[node, kind, self.period(self.day)] - self.stored_m3(node)[kind]
        return whole(free_m3 / volume[product]) if volume[product] > 0 else UNLIMITED

    def stored_m3(self, node):
        """By storage type."""
        stored = [0.0] * len(self.c.names.storage_types)
        for product in self.products:
            volume_m3 = self.c.products.volume_m3[product]
            stored[self.c.products.storage_type_idx[product]] += self.on_hand[product, node] * volume_m3
        return stored

    def take(self, product, node, units):
        """Units leave the shelf; the yard gets their space at once."""
        self.on_hand[product, node] -= units
        self.put_away(node)

    def open(self):
        """Stock of the first day; what does not fit waits in the yard. Open orders come on top."""
        stock, lanes, start = self.c.stock, self.c.lanes, self.clock.minute
        for product in self.products:
            for node in self.nodes:
                units = int(stock.on_hand[product, node]) if stock.given else self.target(product, node, 0)
                stored = min(units, self.space(product, node))
                self.position[product, node] = units
                self.on_hand[product, node] = stored
                if stored < units:
                    self.yard[node].append(Shipment(product, node, units - stored))
        for product, lane, units, day in zip(
            stock.order_product_idx, stock.order_lane_idx, stock.order_units, stock.order_arrives_day, strict=True
        ):
            node = lanes.node_idx[lane]
            self.position[product, node] += units
            if lane == self.plan.lane_idx[product, node]:
                self.not_before(product, node, start + 1440 * day)
            self.send(Shipment(int(product), int(node), int(units)), start + 1440 * day)
