// Drawn networks: the documented stream, without repetition or self-connection, uniform.
import Mathematics
import Testing

@testable import SparseRecurrent

@Suite struct ConnectivityTests {
    /// SplitMix64 at a position, written as in its paper.
    private func word(_ key: UInt64, _ position: UInt64) -> UInt64 {
        var z = key &+ (position &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    @Test(arguments: [(5, 4), (40, 7), (3000, 2999), (100_000, 100), (70_000, 3000), (40_000_000, 50)])
    func followsTheDocumentedStream(n: Int, k: Int) throws {
        let drawer = try RowDrawer(seed: 12, neuronCount: n, degree: k)
        var stream = RandomStream(seed: 12, stream: 0)
        let key = stream.nextUInt64()
        for neuron in [0, 1, n / 2, n - 1, 3] {
            var expected: [Int32] = []
            var seen = Set<Int32>()
            var position = UInt64(neuron) << 32
            while expected.count < k {
                var target = Int(word(key, position).multipliedFullWidth(by: UInt64(n - 1)).high)
                position += 1
                if target >= neuron { target += 1 }
                if seen.insert(Int32(target)).inserted { expected.append(Int32(target)) }
            }
            let drawn = Array(
                UnsafeBufferPointer(start: drawer.draw(neuron, far: nil as UnsafePointer<Double>?), count: k))
            #expect(drawn == expected, "row \(neuron)")
            #expect(!drawn.contains(Int32(neuron)))
        }
    }

    @Test func storedAndGivenRowsAreTheDrawnOnes() throws {
        let (stored, drawn) = (
            try Connectivity(neuronCount: 300, degree: 20, seed: 4, isStored: true),
            try Connectivity(neuronCount: 300, degree: 20, seed: 4, isStored: false)
        )
        let targets = try drawn.targets()
        #expect(try stored.targets() == targets)
        let given = try Connectivity(offsets: drawn.rowOffsets, targets: targets)
        #expect(try given.targets() == targets && given.synapseCount == 6000)
        #expect(try Connectivity(neuronCount: 300, degree: 20, seed: 5, isStored: true).targets() != targets)
        // Every neuron is as likely as any other: chi-square of in-degrees near its 299 degrees of freedom.
        var counts = [Double](repeating: 0, count: 300)
        for target in targets { counts[Int(target)] += 1 }
        let square = counts.reduce(0) { $0 + ($1 - 20) * ($1 - 20) / 20 }
        #expect(square > 200 && square < 400, "\(square)")
    }
}
