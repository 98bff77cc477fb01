// A plain simulator to compare with: all potentials, moved from spike to spike, in higher precision where there is any.
import Glibc
import Mathematics

@testable import SparseRecurrent

#if arch(x86_64)
typealias Precise = Float80
#else
typealias Precise = Double
#endif

/// O(N) per spike, no phases, no keys, no queue.
struct ReferenceSimulator {
    let isQuadratic: Bool
    /// Empty but for exponential neurons.
    let exponentials: [ReferenceExponential]
    let drives: [Precise]
    let rows: [[Int]]
    let rowWeights: [[Precise]]
    /// Of exponential neurons the times that are left instead: these need no equation solved from event to event.
    var potentials: [Precise]
    var time: Precise = 0
    var times: [Double] = []
    var units: [Int32] = []

    init(_ network: SparseNetwork, phases: [Double]) throws {
        isQuadratic = network.model == .qif
        let count = network.neuronCount
        let drives = (0..<count).map { Precise(network.drives[network.drives.count == 1 ? 0 : $0]) }
        self.drives = drives
        let (offsets, targets) = (network.connectivity.rowOffsets, try network.connectivity.targets())
        rows = (0..<count).map { targets[offsets[$0]..<offsets[$0 + 1]].map { Int($0) } }
        rowWeights = (0..<count).map {
            (offsets[$0]..<offsets[$0 + 1]).map { Precise(network.weights[network.weights.count == 1 ? 0 : $0]) }
        }
        var exponentials: [ReferenceExponential] = []
        if case .eif(let slope, _) = network.model {
            exponentials = drives.map { ReferenceExponential(drive: $0, slope: Precise(slope)) }
        }
        self.exponentials = exponentials
        let isQuadratic = isQuadratic
        potentials = phases.enumerated().map { neuron, phase in
            let (drive, phase) = (drives[neuron], Precise(phase))
            if isQuadratic { return drive.squareRoot() * tan(phase / 2) }
            if !exponentials.isEmpty {
                return (1 - phase) * exponentials[neuron].time(-1)
            }
            return drive - (1 + drive) * exp(-phase * log(1 + 1 / drive))
        }
    }

    /// Time to the next spike of a neuron; at most 0 over the threshold.
    private func remaining(_ neuron: Int) -> Precise {
        let (drive, v) = (drives[neuron], potentials[neuron])
        if !exponentials.isEmpty { return v }
        if isQuadratic { return (Precise.pi / 2 - atan(v / drive.squareRoot())) / drive.squareRoot() }
        // Over the threshold in the order of what is over it, even beyond the drive.
        return v >= 0 ? -v / drive : log((drive - v) / drive)
    }

    private mutating func advance(_ duration: Precise) {
        let decay = exp(-duration)
        for neuron in potentials.indices {
            let (drive, v) = (drives[neuron], potentials[neuron])
            if !exponentials.isEmpty {
                potentials[neuron] -= duration
            } else if isQuadratic {
                let (root, t) = (drive.squareRoot(), tan(drive.squareRoot() * duration))
                potentials[neuron] = root * (v + root * t) / (root - v * t)
            } else {
                potentials[neuron] = drive + (v - drive) * decay
            }
        }
        time += duration
    }

    private mutating func push(_ target: Int, _ weight: Precise) {
        if exponentials.isEmpty {
            potentials[target] += weight
        } else {
            let neuron = exponentials[target]
            potentials[target] = neuron.time(neuron.potential(potentials[target]) + weight)
        }
    }

    mutating func advance(to end: Precise) { advance(end - time) }

    mutating func run(spikes: Int, tau: Double, inputs: InputSpikes = .none, tauEnd: Precise = .infinity) {
        var nextInput = 0
        while times.count < spikes {
            var (next, wait) = (0, Precise.infinity)
            for neuron in potentials.indices {
                let own = remaining(neuron)
                if own < wait { (next, wait) = (neuron, own) }
            }
            wait = max(0, wait)
            if nextInput < inputs.times.count {
                let until = Precise(inputs.times[nextInput]) / Precise(tau) - time
                if until < wait {
                    advance(until)
                    push(Int(inputs.units[nextInput]), Precise(inputs.weights[nextInput]))
                    nextInput += 1
                    continue
                }
            }
            if time + wait > tauEnd { return }
            if wait > 0 { advance(wait) }
            times.append(Double(time * Precise(tau)))
            units.append(Int32(next))
            for (target, weight) in zip(rows[next], rowWeights[next]) { push(target, weight) }
            potentials[next] = isQuadratic ? -1e30 : exponentials.isEmpty ? -1 : exponentials[next].time(-1)
        }
    }
}
