// Deliveries that wait until many go to the same stretch of memory: not a bit may differ.
import Mathematics
import Testing

@testable import SparseRecurrent

struct DeferredTests {
    /// A run of so many spikes, in two stretches.
    private struct Stretches: KernelWork {
        let network: SparseNetwork
        let spikes: Int
        let deferral: Deferral

        struct Result: Equatable {
            var times: [Double] = []
            var units: [Int32] = []
        }

        func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> Result { try run(kernel) }
        func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> Result { try run(kernel) }

        private func run<K: Kernel>(_ kernel: K) throws(SpinnpropError) -> Result {
            let simulation = try Simulation(
                network, kernel, options: SparseRunOptions(spikes: spikes, keepsTape: false), needsSnapshots: false,
                monitor: nil, deferral: deferral)
            var result = Result()
            for count in [spikes / 3, spikes - spikes / 3] {
                try simulation.run(spikes: count) {
                    result.times.append(contentsOf: $0)
                    result.units.append(contentsOf: $1)
                    return true
                }
            }
            return result
        }
    }

    private func compare(_ network: SparseNetwork, spikes: Int, _ deferral: Deferral) throws -> [Double] {
        var plain = Stretches(network: network, spikes: spikes, deferral: Deferral())
        var deferred = Stretches(network: network, spikes: spikes, deferral: deferral)
        let (expected, found) = (try network.withKernel(&plain), try network.withKernel(&deferred))
        #expect(found == expected, "\(network.neuronCount) neurons, \(deferral)")
        #expect(found.times.count == spikes)
        return found.times
    }

    @Test(arguments: [200, 3000], [false, true])
    func noBitDiffers(_ neuronCount: Int, _ drivesDiffer: Bool) throws {
        for seed in 0..<4 as Range<UInt64> {
            let connectivity = try Connectivity(neuronCount: neuronCount, degree: 20, seed: seed, isStored: false)
            var drives: [Double] = []
            for neuron in 0..<(drivesDiffer ? neuronCount : 0) { drives.append(0.13 + 0.001 * Double(neuron % 7)) }
            let network = try SparseNetwork(connectivity, degree: 20, rate: 3, seed: seed, drives: drives)
            // Regions that fill at once and never, few marks that many share and many, horizons near and beyond the window.
            for (regionBits, deliveries, buckets, markWordBits) in [
                (5, 20, 1, 6), (8, 2000, 3, 8), (10, 100_000, 64, 16),
            ] {
                let deferral = Deferral(
                    neurons: 2, regionBits: regionBits, deliveries: deliveries, buckets: buckets,
                    markWordBits: markWordBits)
                _ = try compare(network, spikes: 20_000, deferral)
            }
        }
    }

    /// Waiting deliveries do not stay behind when keys are re-based: LIF's keys grow by 2^64 in 44 time constants.
    @Test func keysAreRebasedWithNothingWaiting() throws {
        let network = try SparseNetwork(neuronCount: 100, degree: 10, rate: 3, seed: 7, isStored: false)
        let deferral = Deferral(neurons: 2, regionBits: 4, deliveries: 100_000, buckets: 1 << 16, markWordBits: 6)
        let times = try compare(network, spikes: 50_000, deferral)
        #expect((times.last ?? 0) > 200 * network.tau)
    }
}
