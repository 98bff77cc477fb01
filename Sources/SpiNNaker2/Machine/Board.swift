// The chips of a board and the links between them.
import Mathematics

/// The six links of a chip, in the directions of a hexagonal grid in skewed coordinates.
public enum LinkDirection: Int, Sendable, CaseIterable {
    case east, northEast, north, west, southWest, south

    public var step: (x: Int, y: Int) {
        switch self {
        case .east: (1, 0)
        case .northEast: (1, 1)
        case .north: (0, 1)
        case .west: (-1, 0)
        case .southWest: (-1, -1)
        case .south: (0, -1)
        }
    }
}

/// 1 ... 48 chips of one kind on a torus that is as square as their number allows (48: 8 x 6).
///
/// PEs are numbered through the board: PE `p` is PE `p % pesPerChip` of chip `p / pesPerChip`; a chip's link is
/// `6 * chip + direction`.
public struct Board: Equatable, Sendable {
    public static let largest = 48

    public let chipCount: Int
    public let width: Int
    public let height: Int
    public let constants: SpiNNaker2Constants
    /// PEs of one chip that applications may use.
    public let pesPerChip: Int

    public var peCount: Int { chipCount * pesPerChip }
    public var linkCount: Int { chipCount * LinkDirection.allCases.count }

    /// One chip as published.
    public init() {
        (chipCount, width, height) = (1, 1, 1)
        constants = SpiNNaker2Constants()
        pesPerChip = constants.pesPerChip
    }

    /// - Throws: `invalidValue` for a number of chips no board has, or constants that contradict each other.
    public init(chips: Int = 1, constants: SpiNNaker2Constants = SpiNNaker2Constants()) throws(SpinnpropError) {
        guard chips >= 1, chips <= Board.largest else {
            throw .invalidValue("chips is \(chips); it must be 1 .. \(Board.largest)")
        }
        try constants.check()
        chipCount = chips
        height = (1...chips).last { $0 * $0 <= chips && chips % $0 == 0 } ?? 1
        width = chips / height
        self.constants = constants
        pesPerChip = constants.pesPerChip
    }

    public func chip(ofPE pe: Int) -> Int { pe / pesPerChip }

    public func localPE(_ pe: Int) -> Int { pe % pesPerChip }

    public func neighbour(of chip: Int, _ direction: LinkDirection) -> Int {
        let step = direction.step
        let x = (chip % width + step.x + width) % width
        let y = (chip / width + step.y + height) % height
        return y * width + x
    }

    /// The links a packet takes from one chip to another: a shortest way round the torus, diagonal steps first.
    public func path(from source: Int, to target: Int) -> [LinkDirection] {
        guard source != target else { return [] }
        let dx = target % width - source % width
        let dy = target / width - source / width
        var best: (length: Int, x: Int, y: Int)?
        for x in [dx, dx - width, dx + width] {
            for y in [dy, dy - height, dy + height] {
                // A diagonal step serves both axes, if they point the same way.
                let length = x * y > 0 ? max(abs(x), abs(y)) : abs(x) + abs(y)
                if length < best?.length ?? .max { best = (length, x, y) }
            }
        }
        var (x, y) = (best?.x ?? 0, best?.y ?? 0)
        var path: [LinkDirection] = []
        while x != 0 || y != 0 {
            let step = x * y > 0 ? (x.signum(), y.signum()) : x != 0 ? (x.signum(), 0) : (0, y.signum())
            guard let direction = LinkDirection.allCases.first(where: { $0.step == step }) else { break }
            path.append(direction)
            x -= step.0
            y -= step.1
        }
        return path
    }

    /// The path from one chip to another as the numbers of the links it takes.
    public func links(from source: Int, to target: Int) -> [Int] {
        var chip = source
        return path(from: source, to: target).map { direction in
            defer { chip = neighbour(of: chip, direction) }
            return chip * LinkDirection.allCases.count + direction.rawValue
        }
    }

    /// Mesh hops between two PEs of one chip by XY routing; from chip to chip by way of both routers.
    public func hops(from source: Int, to target: Int) -> Int {
        let (from, to) = (localPE(source), localPE(target))
        guard chip(ofPE: source) != chip(ofPE: target) else {
            return QuadGrid.position(ofPE: from).hops(to: QuadGrid.position(ofPE: to))
        }
        return QuadGrid.hopsToRouter(fromPE: from) + QuadGrid.hopsToRouter(fromPE: to)
    }
}
