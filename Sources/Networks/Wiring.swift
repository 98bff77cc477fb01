// Which populations of a network are connected to which.
import Mathematics

/// The two ends of a connection as populations: 0 is the input, k the k-th layer. Where both are the same, the layer is recurrent.
public struct Ends: Hashable, Sendable {
    public let source: Int
    public let target: Int

    public init(_ source: Int, _ target: Int) { (self.source, self.target) = (source, target) }

    var isRecurrent: Bool { source == target }
}

/// The connections of a network in its order: first one for each layer, from the population before it or, where that is no source, from its
/// first source; then all others that lead forward, by target and source; then recurrent ones.
struct Wiring {
    let ends: [Ends]
    /// The place of each in the list as it was given.
    let order: [Int]

    /// Each layer is connected to the next, and some hidden ones to themselves.
    ///
    /// - Parameter recurrent: empty, one flag for all hidden layers, or one for each.
    init(chainOf layerCount: Int, recurrent: [Bool]) throws(SpinnpropError) {
        let hiddenCount = layerCount - 1
        guard recurrent.count <= 1 || recurrent.count == hiddenCount else {
            throw .invalidValue(
                "recurrent has \(recurrent.count) flags for \(hiddenCount) hidden layers; give one for all, or one each"
            )
        }
        var ends = (0..<layerCount).map { Ends($0, $0 + 1) }
        for layer in 0..<hiddenCount where !recurrent.isEmpty && recurrent[recurrent.count == 1 ? 0 : layer] {
            ends.append(Ends(layer + 1, layer + 1))
        }
        (self.ends, order) = (ends, Array(ends.indices))
    }

    /// - Throws: `invalidValue` naming the pair that is out of range, leads backward or comes twice, or the layer that nothing leads to.
    init(_ given: [Ends], layerCount: Int, leakyReadout: Bool) throws(SpinnpropError) {
        try Memory.check(count: given.count, bytesPerElement: 256, "the connections")
        var places: [Ends: Int] = [:]
        for (place, own) in given.enumerated() {
            let name = "connections[\(place)] is (\(own.source), \(own.target))"
            guard own.source >= 0, own.source <= layerCount, own.target >= 1, own.target <= layerCount else {
                throw .invalidValue(
                    "\(name); sources are 0, the input, .. \(layerCount), the last layer, and targets 1 .. \(layerCount)"
                )
            }
            guard own.source <= own.target else {
                throw .invalidValue(
                    "\(name), which leads backward; layers are run one after the other, so connect (\(own.target), \(own.source)), "
                        + "or a layer with itself")
            }
            guard !(own.isRecurrent && leakyReadout && own.target == layerCount) else {
                throw .invalidValue(
                    "\(name), but the last layer is a leaky read-out, which sends nothing; leave it out")
            }
            if let first = places.updateValue(place, forKey: own) {
                throw .invalidValue("\(name), and so is connections[\(first)]; give each pair once")
            }
        }
        var firsts = [Int](repeating: Int.max, count: layerCount + 1)
        for own in given where !own.isRecurrent && firsts[own.target] != own.target - 1 {
            firsts[own.target] = own.source == own.target - 1 ? own.source : min(firsts[own.target], own.source)
        }
        for target in 1...layerCount where firsts[target] == .max {
            throw .invalidValue(
                "no connection leads to population \(target) but from itself; add (\(target - 1), \(target)) to connections"
            )
        }
        func rank(_ own: Ends) -> (Int, Int, Int) {
            (own.isRecurrent ? 2 : firsts[own.target] == own.source ? 0 : 1, own.target, own.source)
        }
        order = given.indices.sorted { rank(given[$0]) < rank(given[$1]) }
        ends = order.map { given[$0] }
    }
}
