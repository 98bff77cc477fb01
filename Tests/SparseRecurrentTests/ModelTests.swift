// The models' formulas: half turns, the exponential neuron's fits, and LIF through tables.
import Glibc
import Mathematics
import Testing

@testable import SparseRecurrent

@Suite struct ModelTests {
    @Test func halfTurnsAreWithinHalfAnUlpOfPi() {
        var stream = RandomStream(seed: 1, stream: 0)
        var worst = (sine: 0.0, cosine: 0.0, angle: 0.0)
        for _ in 0..<100_000 {
            let x = Double.pi * stream.uniform()
            let (s, c) = HalfTurn.sineAndCosine(x)
            worst.sine = max(worst.sine, (s - sin(x)).magnitude)
            worst.cosine = max(worst.cosine, (c - cos(x)).magnitude)
            let scale = exp(20 * stream.uniform() - 10)
            worst.angle = max(
                worst.angle, (HalfTurn.angle(scale * sin(x), scale * cos(x)) - atan2(sin(x), cos(x))).magnitude)
        }
        #expect([worst.sine, worst.cosine, worst.angle].max()! < 4.5e-16, "\(worst)")
        #expect(
            HalfTurn.angle(0, 1) == 0 && HalfTurn.angle(0, -1) == Double.pi && HalfTurn.angle(1, 0) == Double.pi / 2)
    }

    /// T(V) from scratch: Simpson's rule in s = e^(-V/D) high up, in V below, step halved until it stands still.
    private func time(_ v: Double, drive: Double, slope: Double) -> Double {
        func simpson(_ a: Double, _ b: Double, _ count: Int, _ f: (Double) -> Double) -> Double {
            let h = (b - a) / Double(count)
            var sum = f(a) + f(b)
            for index in 1..<count { sum += f(a + Double(index) * h) * (index % 2 == 1 ? 4 : 2) }
            return sum * h / 3
        }
        let middle = 2 * slope
        // s = u^4 takes the edge off s ln s at 0.
        let high = simpson(0, exp(-max(v, middle) / slope / 4), 20_000) { u in
            u == 0 ? 0 : 4 * u * u * u / (1 + u * u * u * u * (drive / slope + 4 * log(u)))
        }
        if v >= middle { return high }
        return high + simpson(v, middle, 200_000) { 1 / (-$0 + slope * exp($0 / slope) + drive) }
    }

    @Test(arguments: [FlowTable.table, .chebyshev], [(0.1, 0.1), (1, 0.1), (0.02, 0.3), (5, 2), (0.1, 0.02)])
    func exponentialFitsArePrecise(kind: FlowTable, setting: (Double, Double)) throws {
        let (drive, slope) = setting
        let tolerances = kind == .table ? (3e-13, 3e-14) : (3e-13, 5e-15)
        // One drive, or the whole of its range: a sixteenth octave of D + I, as wide as one fit gets.
        let bits = (drive + slope).bitPattern >> 48
        let range = (Double(bitPattern: bits << 48) - slope, Double(bitPattern: (bits + 1) << 48).nextDown - slope)
        for drives in [[drive], [range.0, drive, range.1]] {
            let neuron = try EIF(drives: drives, slope: slope, kind)
            let own = drives.count / 2
            #expect((neuron.period(own) / time(-1, drive: drive, slope: slope) - 1).magnitude < 1e-12)
            for v in stride(from: -8.0, through: 3, by: 0.87) {
                let (expected, found) = (time(v, drive: drive, slope: slope), neuron.remaining(voltage: v, own))
                #expect((found - expected).magnitude < tolerances.0 * (1 + expected), "T(\(v)): \(found - expected)")
            }
            var worst = 0.0
            for v in stride(from: -45 * slope, through: 20 * slope, by: 0.0137 * slope) {
                let remaining = neuron.remaining(voltage: v, own)
                let back = neuron.voltage(remaining: remaining, own)
                // In time, where errors count.
                worst = max(worst, (back - v).magnitude / (EIFFlow.velocity(v, drive, slope) * (1 + remaining)))
            }
            #expect(worst < tolerances.1, "\(drives): \(worst)")
        }
    }

    @Test func exponentialSlopesAreDerivatives() throws {
        let neuron = try EIF(drives: [0.3, 0.301, 0.302], slope: 0.1, .chebyshev)
        for r in [1e-7, 0.01, 0.3, 1, 2, 4] {
            for w in [-0.5, 0.1] {
                let slopes = neuron.slopes(r, 1, weight: w)
                let (h, k) = (1e-4 * r, 1e-5)
                let state = (neuron.after(r + h, 1, weight: w) - neuron.after(r - h, 1, weight: w)) / (2 * h)
                let weight = (neuron.after(r, 1, weight: w + k) - neuron.after(r, 1, weight: w - k)) / (2 * k)
                #expect((slopes.state - state).magnitude < 1e-6 * (1 + state.magnitude), "\(r) \(w)")
                #expect((slopes.weight - weight).magnitude < 1e-6 * (1 + weight.magnitude), "\(r) \(w)")
            }
        }
    }

    /// LIF with the time to the next spike as key, through tables of V(r) and T(V) instead of closed forms.
    private struct TabulatedLIF: TimeKeys {
        let drive: Double
        let panels = 400
        let low = -8.0
        let times: [[Double]]
        let potentials: [[Double]]
        let longest: Double

        init(drive: Double) {
            self.drive = drive
            let (panels, low) = (panels, low)
            let longest = Elementary.log((drive - low) / drive)
            self.longest = longest
            times = (0..<panels).map { panel in
                PanelFit.powers(
                    ofChebyshev: PanelFit.chebyshev(
                        PanelFit.points(degree: 11).map {
                            Elementary.log((drive - low * (1 - (Double(panel) + $0) / Double(panels))) / drive)
                        }))
            }
            potentials = (0..<panels).map { panel in
                PanelFit.powers(
                    ofChebyshev: PanelFit.chebyshev(
                        PanelFit.points(degree: 11).map {
                            drive * (1 - Elementary.exp(longest * (Double(panel) + $0) / Double(panels)))
                        }))
            }
        }

        private func value(_ table: [[Double]], _ place: Double) -> Double {
            let panel = min(max(0, Int(place)), panels - 1)
            return table[panel].reversed().reduce(0) { $0 * (place - Double(panel)) + $1 }
        }

        func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double {
            let v = value(potentials, remaining / longest * Double(panels)) + weight
            return value(times, (1 - v / low) * Double(panels))
        }
        func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double) { (1, 0) }
        func voltage(remaining: Double, _ neuron: Int) -> Double { 0 }
        func period(_ neuron: Int) -> Double { Elementary.log1p(1 / drive) }
    }

    @Test func lifAgreesWithItsTable() throws {
        let network = try SparseNetwork(neuronCount: 1000, degree: 20, rate: 5, seed: 1)
        let options = SparseRunOptions(spikes: 100_000)
        let exact = try network.run(options)
        var (times, units): ([Double], [Int32]) = ([], [])
        let simulation = try Simulation(
            network, TabulatedLIF(drive: network.drives[0]), options: options, needsSnapshots: false, monitor: nil)
        try simulation.run(spikes: 100_000) {
            times.append(contentsOf: $0)
            units.append(contentsOf: $1)
            return true
        }
        #expect(units == exact.units)
        let worst = zip(times, exact.times).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
        // The published comparison: 4.1e-13 over 1e5 spikes.
        #expect(worst <= 4.1e-13, "\(worst)")
    }
}
