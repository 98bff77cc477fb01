// Where a chip's processing elements are, and how far packets travel between them.

/// A place on the chip's mesh.
public struct MeshPosition: Equatable, Sendable {
    public let x: Int
    public let y: Int

    /// Mesh hops by XY routing: first along x, then along y.
    public func hops(to other: MeshPosition) -> Int { abs(x - other.x) + abs(y - other.y) }
}

/// The grid of quads, four PEs each: x 1 ... 7, y 1 ... 6, without the places of the router and of the memory interface.
public enum QuadGrid {
    public static let pesPerQuad = 4

    /// Row by row, so that PEs with near numbers are near each other.
    public static let quads: [MeshPosition] = (1...6).flatMap { y in
        (1...7).compactMap { x in isQuad(x: x, y: y) ? MeshPosition(x: x, y: y) : nil }
    }

    public static let peCount = quads.count * pesPerQuad

    public static func isQuad(x: Int, y: Int) -> Bool {
        (1...7).contains(x) && (1...6).contains(y) && !((x == 4 || x == 7) && (y == 3 || y == 4))
    }

    /// The quad of a PE, by its number on the chip, 0 ..< peCount.
    public static func position(ofPE pe: Int) -> MeshPosition { quads[pe / pesPerQuad] }

    /// Mesh hops to the multicast router at the die's centre, which takes the places (4, 3) and (4, 4).
    public static func hopsToRouter(fromPE pe: Int) -> Int { hops(fromPE: pe, toColumn: 4) }

    /// Mesh hops to the memory interface, which is taken to lie at (7, 3) and (7, 4).
    public static func hopsToMemory(fromPE pe: Int) -> Int { hops(fromPE: pe, toColumn: 7) }

    private static func hops(fromPE pe: Int, toColumn x: Int) -> Int {
        let own = position(ofPE: pe)
        return min(own.hops(to: MeshPosition(x: x, y: 3)), own.hops(to: MeshPosition(x: x, y: 4)))
    }
}
