// How many directions a product of Jacobians leaves: counted in exact arithmetic, where rounding cannot pretend a direction.
import Mathematics

/// Random vectors carried along with the tangent vectors, in whole numbers modulo the prime 2^61 - 1.
///
/// Float64 numbers are fractions with a power of two below, so each stands for one residue, and sums and products of them
/// for sums and products of residues. The rank of random vectors after the run is that of the Jacobian's product with the slopes
/// as computed, or the number of vectors if that is smaller; it could come out too small by a chance of about (steps of a row) / 2^61.
final class ExactRank {
    private let rows: LargeBuffer<UInt64>
    private let rowCount: Int
    private let vectorCount: Int
    private let zeros: LargeBuffer<UInt64>

    private static let prime = (1 as UInt64) << 61 - 1

    init(rowCount: Int, vectorCount: Int) throws(SpinnpropError) {
        (self.rowCount, self.vectorCount) = (rowCount, vectorCount)
        try Memory.check(count: rowCount, bytesPerElement: 8 * vectorCount, "the tangent vectors")
        rows = try LargeBuffer(count: rowCount * vectorCount, repeating: 0, "the tangent vectors")
        zeros = try LargeBuffer(count: vectorCount, repeating: 0, "a tangent vector")
        var stream = RandomStream(seed: 0, stream: 3)
        for index in 0..<rows.count { rows.pointer[index] = stream.nextUInt64() % Self.prime }
    }

    func tie(_ neuron: Int, to sender: Int?) { turn(neuron, to: sender, slope: 0) }

    /// x_target <- x_sender + slope (x_target - x_sender)
    func turn(_ target: Int, to sender: Int?, slope: Double) {
        let own = rows.pointer + target * vectorCount
        let other = sender.map { rows.pointer + $0 * vectorCount } ?? zeros.pointer
        let factor = Self.residue(slope)
        var vector = 0
        while vector < vectorCount {
            let moved = Self.product(factor, Self.difference(own[vector], other[vector]))
            own[vector] = Self.difference(moved, Self.prime &- other[vector])
            vector &+= 1
        }
    }

    /// The rank, by elimination; the rows are used up.
    func takeRank(_ monitor: Monitor?) throws(SpinnpropError) -> Int {
        let rows = rows.pointer
        var rank = 0
        for vector in 0..<vectorCount where rank < rowCount {
            if let monitor, monitor.poll() { throw .cancelled }
            guard let pivot = (rank..<rowCount).first(where: { rows[$0 * vectorCount + vector] != 0 }) else { continue }
            let top = rows + rank * vectorCount
            if pivot != rank {
                for other in 0..<vectorCount { swap(&top[other], &rows[pivot * vectorCount + other]) }
            }
            let inverse = Self.inverse(top[vector])
            for row in rank + 1..<max(rank + 1, rowCount) {
                let own = rows + row * vectorCount
                if own[vector] == 0 { continue }
                let factor = Self.product(own[vector], inverse)
                for other in vector..<vectorCount {
                    own[other] = Self.difference(own[other], Self.product(factor, top[other]))
                }
            }
            rank += 1
        }
        return rank
    }

    /// The residue of a finite number >= 0: m 2^e, where 2^61 = 1.
    static func residue(_ x: Double) -> UInt64 {
        if x == 0 { return 0 }
        let isNormal = x.isNormal
        let digits = x.significandBitPattern | (isNormal ? 1 << 52 : 0)
        let exponent = (isNormal ? Int(x.exponent) : -1022) - 52
        let turn = UInt64((exponent % 61 + 61) % 61)
        return product(digits % prime, (1 as UInt64) << turn % prime)
    }

    @inline(__always)
    private static func difference(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a &- b : a &+ (prime &- b) }

    @inline(__always)
    private static func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        let sum = (low & prime) &+ (low &>> 61 | high &<< 3)
        return sum >= prime ? sum &- prime : sum
    }

    /// x^(p - 2)
    private static func inverse(_ x: UInt64) -> UInt64 {
        var (result, power, exponent) = (1 as UInt64, x, prime - 2)
        while exponent > 0 {
            if exponent & 1 == 1 { result = product(result, power) }
            power = product(power, power)
            exponent >>= 1
        }
        return result
    }
}
