// From routing tables to where each packet ends up: every range of keys a program announces is followed through the tables once.
import Mathematics

/// Where the packets of a range go.
struct Delivery {
    let range: KeyRange
    /// The PEs that receive them, in order.
    var receivers: [Int32] = []
    var hops = 0
    /// Links crossed, with repeats if a packet crosses one twice.
    var links: [Int] = []
}

struct RouteCompiler {
    let board: Board
    let tables: [RoutingTable]

    /// The deliveries of a range sent by a PE. Ranges come out cut where the tables cut them.
    ///
    /// - Throws: `invalidValue` if entries send packets round in a circle.
    func deliveries(of range: KeyRange, from pe: Int) throws(SpinnpropError) -> [Delivery] {
        let toRouter = QuadGrid.hopsToRouter(fromPE: board.localPE(pe))
        return try follow(range, at: board.chip(ofPE: pe), depth: 0).map { delivery in
            var delivery = delivery
            delivery.hops += toRouter
            delivery.receivers.sort()
            return delivery
        }
    }

    private func follow(_ range: KeyRange, at chip: Int, depth: Int) throws(SpinnpropError) -> [Delivery] {
        guard depth <= board.chipCount else {
            throw .invalidValue(
                "the routing tables send keys \(range) round in a circle, through chip \(chip); remove an entry")
        }
        var result: [Delivery] = []
        for (piece, entry) in tables[chip].resolve(range) {
            var own = Delivery(range: piece)
            guard let entry else {
                result.append(own)
                continue
            }
            for pe in entry.pes {
                own.receivers.append(Int32(chip * board.pesPerChip + pe))
                own.hops += QuadGrid.hopsToRouter(fromPE: pe)
            }
            var open = [own]
            for direction in LinkDirection.allCases where entry.links.contains(direction) {
                let link = chip * LinkDirection.allCases.count + direction.rawValue
                var next: [Delivery] = []
                for part in open {
                    let neighbour = board.neighbour(of: chip, direction)
                    for beyond in try follow(part.range, at: neighbour, depth: depth + 1) {
                        next.append(
                            Delivery(
                                range: beyond.range, receivers: part.receivers + beyond.receivers,
                                hops: part.hops + beyond.hops, links: part.links + [link] + beyond.links))
                    }
                }
                open = next
            }
            result += open
        }
        return result
    }
}
