// The smallest of a fixed number of keys that change all the time.

/// A complete binary tree of minima over `count` keys, all +infinity at first: the smallest key and its index at once,
/// O(log n) for changing one key, O(n) for changing all.
public struct TournamentTree: Sendable {
    /// keys[1] is the root; leaves begin at `leafCount`. winners holds the index of each node's smallest key.
    private var keys: [Double]
    private var winners: [Int32]
    private var leafCount: Int

    public init(count: Int) {
        keys = []
        winners = []
        leafCount = 0
        reset(count: count)
    }

    /// All keys +infinity.
    public mutating func reset(count: Int) {
        var leaves = 1
        while leaves < count { leaves *= 2 }
        leafCount = leaves
        keys = [Double](repeating: .infinity, count: 2 * leaves)
        winners = [Int32](repeating: 0, count: 2 * leaves)
        for leaf in 0..<leaves { winners[leaves + leaf] = Int32(truncatingIfNeeded: leaf) }
        rebuild()
    }

    public var minimum: Double { keys[1] }
    /// Ties: the lowest index.
    public var minimumIndex: Int { Int(winners[1]) }

    /// The key at an index.
    public func key(at index: Int) -> Double { keys[leafCount + index] }

    public mutating func set(_ key: Double, at index: Int) {
        var node = leafCount + index
        keys.withUnsafeMutableBufferPointer { keys in
            winners.withUnsafeMutableBufferPointer { winners in
                keys[node] = key
                node /= 2
                while node >= 1 {
                    let smaller = TournamentTree.smaller(of: node, keys)
                    // What is above follows from this node alone.
                    if keys[node] == keys[smaller], winners[node] == winners[smaller] { return }
                    (keys[node], winners[node]) = (keys[smaller], winners[smaller])
                    node /= 2
                }
            }
        }
    }

    /// Changes a key without repairing the tree; call `rebuild` after the last, before any `set`.
    public mutating func setLeaf(_ key: Double, at index: Int) { keys[leafCount + index] = key }

    public mutating func rebuild() {
        keys.withUnsafeMutableBufferPointer { keys in
            winners.withUnsafeMutableBufferPointer { winners in
                for node in stride(from: leafCount - 1, through: 1, by: -1) {
                    let smaller = TournamentTree.smaller(of: node, keys)
                    (keys[node], winners[node]) = (keys[smaller], winners[smaller])
                }
            }
        }
    }

    /// That of the two nodes below whose key is smaller; ties: the left one.
    @inline(__always)
    private static func smaller(of node: Int, _ keys: UnsafeMutableBufferPointer<Double>) -> Int {
        keys[2 * node + 1] < keys[2 * node] ? 2 * node + 1 : 2 * node
    }
}
