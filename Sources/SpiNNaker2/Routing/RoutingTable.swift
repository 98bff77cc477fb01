// Multicast routing tables: masked keys, as the router at the centre of each chip holds them.
import Mathematics

/// All keys that agree with `key` in the bits of `mask`.
public struct KeyRange: Hashable, Sendable, CustomStringConvertible {
    public let key: UInt32
    public let mask: UInt32

    public init(key: UInt32, mask: UInt32) {
        self.key = key & mask
        self.mask = mask
    }

    public func contains(_ other: UInt32) -> Bool { other & mask == key }

    func intersects(_ other: KeyRange) -> Bool { (key ^ other.key) & mask & other.mask == 0 }

    /// What is left of this range without another, as ranges that do not overlap; and the part that both have.
    func split(by other: KeyRange) -> (common: KeyRange, rest: [KeyRange]) {
        var common = self
        var rest: [KeyRange] = []
        var open = other.mask & ~mask
        while open != 0 {
            let bit = open & (0 &- open)
            open &= ~bit
            // The half that disagrees with `other` in this bit stays; the other half goes on.
            rest.append(KeyRange(key: common.key | (~other.key & bit), mask: common.mask | bit))
            common = KeyRange(key: common.key | (other.key & bit), mask: common.mask | bit)
        }
        return (common, rest)
    }

    public var description: String { "0x\(String(key, radix: 16))/0x\(String(mask, radix: 16))" }
}

/// One entry: packets whose key lies in the range go out over links and to PEs of the chip.
public struct RoutingEntry: Equatable, Sendable {
    public let range: KeyRange
    public var links: Set<LinkDirection>
    /// PEs by their numbers on the chip.
    public var pes: Set<Int>
}

/// One chip's table. The first entry that matches counts; a packet that none matches is lost.
struct RoutingTable {
    let chip: Int
    let capacity: Int
    private(set) var entries: [RoutingEntry] = []
    private var indices: [KeyRange: Int] = [:]

    init(chip: Int, capacity: Int) {
        self.chip = chip
        self.capacity = capacity
    }

    /// Adds targets to the entry of a range.
    ///
    /// - Throws: `outOfMemory` if the table is full.
    mutating func add(_ range: KeyRange, link: LinkDirection? = nil, pe: Int? = nil) throws(SpinnpropError) {
        let index: Int
        if let known = indices[range] {
            index = known
        } else {
            guard entries.count < capacity else {
                throw SpinnpropError(
                    .outOfMemory,
                    "the routing table of chip \(chip) is full: \(capacity) entries, one more for keys \(range); "
                        + "use fewer copies or fewer cuts")
            }
            index = entries.count
            indices[range] = index
            entries.append(RoutingEntry(range: range, links: [], pes: []))
        }
        if let link { entries[index].links.insert(link) }
        if let pe { entries[index].pes.insert(pe) }
    }

    /// The parts of a range that different entries take (`nil`: none does), in the order of the entries.
    func resolve(_ range: KeyRange) -> [(range: KeyRange, entry: RoutingEntry?)] {
        var result: [(range: KeyRange, entry: RoutingEntry?)] = []
        var open = [range]
        if let exact = indices[range], !entries[..<exact].contains(where: { $0.range.intersects(range) }) {
            return [(range, entries[exact])]
        }
        for entry in entries {
            var next: [KeyRange] = []
            for piece in open {
                guard piece.intersects(entry.range) else {
                    next.append(piece)
                    continue
                }
                let (common, rest) = piece.split(by: entry.range)
                result.append((common, entry))
                next += rest
            }
            open = next
            if open.isEmpty { break }
        }
        return result + open.map { ($0, nil) }
    }
}
