// How fast sparse recurrent networks run: CPU nanoseconds per delivered spike, over sizes, models and ways to keep targets.
//
//     swift run -c release -Xcc -march=x86-64-v3 bench-sparse [--quick] [--n 1000,10000] [--models lif,qif,eif] [--varied]
//                                                                  --varied: a drive each, 30 percent around that for 1 Hz
//     ... --count lif,100000,20000     one run of so many neurons and spikes, targets drawn again, for tools that count
//
// Each line is the balanced network of Engelken (arXiv 2312.17216), K = 100, drive for 1 Hz (3.4 Hz result), one thread; after a
// settling half the spikes are timed, in pieces, and the median and the fastest piece are shown: on a shared machine the
// fastest is closest to what the code can do.
import Glibc
import Mathematics
import SparseRecurrent

@main
struct BenchSparse {
    static let degree = 100

    static func main() throws {
        let arguments = CommandLine.arguments
        func option(_ name: String) -> [String]? {
            guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
            return arguments[place + 1].split(separator: ",").map { String($0) }
        }
        if let count = option("--count"), count.count == 3, let model = NeuronModel(name: count[0]),
            let size = Int(count[1]), let spikes = Int(count[2])
        {
            let network = try SparseNetwork(neuronCount: size, degree: degree, model: model, isStored: false)
            var (begun, seen) = (0.0, 0)
            _ = try network.stream(SparseRunOptions(spikes: spikes)) { times, _ in
                // What comes before the first spikes are handed over is set-up.
                if begun == 0 { begun = cpuSeconds() } else { seen += times.count }
                return true
            }
            print((cpuSeconds() - begun) / Double(max(1, seen * degree)) * 1e9, "ns per delivery")
            return
        }
        let isQuick = arguments.contains("--quick")
        let isVaried = arguments.contains("--varied")
        let sizes = (option("--n") ?? ["1000", "10000", "100000"] + (isQuick ? [] : ["1000000"])).compactMap { Int($0) }
        let models = (option("--models") ?? ["lif", "qif", "eif", "eif-table"]).compactMap { NeuronModel(name: $0) }
        print("| model | N | targets | ns per delivery, median | fastest | set-up, s | rate, Hz | target memory, MB |")
        print("|---|---|---|---|---|---|---|---|")
        for model in models {
            for size in sizes {
                let spikes = max(100_000, 2 * size)
                for isStored in [true, false] where !isStored || size <= 1_000_000 {
                    try measure(model, size, isStored, isVaried, isQuick ? spikes / 4 : spikes)
                }
            }
        }
        if models.contains(.lif) { try gradients(spikes: isQuick ? 100_000 : 1_000_000) }
    }

    static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    static func measure(_ model: NeuronModel, _ size: Int, _ isStored: Bool, _ isVaried: Bool, _ spikes: Int) throws {
        var drives: [Double] = []
        if isVaried {
            var stream = RandomStream(seed: 1, stream: 0)
            for _ in 0..<size { drives.append(0.1 * (0.7 + 0.6 * stream.uniform())) }
        }
        let begin = cpuSeconds()
        let connectivity = try Connectivity(neuronCount: size, degree: degree, seed: 0, isStored: isStored)
        let network = try SparseNetwork(connectivity, degree: degree, model: model, drives: drives)
        let setUp = cpuSeconds() - begin
        var pieces: [Double] = []
        var (seen, last) = (0, 0.0)
        var (timed, first, lastTime) = (0, 0.0, 0.0)
        // Batches are handed over as they fill: their times tell the speed.
        _ = try network.stream(SparseRunOptions(spikes: spikes)) { times, _ in
            let now = cpuSeconds()
            if seen >= spikes / 2 && last > 0 {
                pieces.append((now - last) / Double(times.count * degree) * 1e9)
                timed += times.count
            } else {
                first = times[times.count - 1]
            }
            lastTime = times[times.count - 1]
            last = now
            seen += times.count
            return true
        }
        pieces.sort()
        guard !pieces.isEmpty else { return }
        let rate = Double(timed) / (lastTime - first) / Double(size)
        let cells = [
            model.name, "\(size)", isStored ? "stored" : "drawn again", rounded(pieces[pieces.count / 2]),
            rounded(pieces[0]), rounded(setUp), rounded(rate), rounded(isStored ? Double(size * degree) * 4e-6 : 0),
        ]
        print("| " + cells.joined(separator: " | ") + " |")
    }

    /// The gradient of all spike times of a network of 1e5 neurons, against the run that kept its tape.
    static func gradients(spikes: Int) throws {
        let network = try SparseNetwork(neuronCount: 100_000, degree: degree)
        var each = network
        try each.setWeights([Double](repeating: network.weights[0], count: network.connectivity.synapseCount))
        for (name, network) in [("one weight", network), ("a weight per synapse", each)] {
            let begin = cpuSeconds()
            let recording = try network.run(SparseRunOptions(spikes: spikes, keepsTape: true))
            let middle = cpuSeconds()
            let gradient = try recording.gradient(timeErrors: [Double](repeating: 1, count: spikes))
            let end = cpuSeconds()
            print(
                "gradient, \(name), N = 100000, \(spikes) spikes: run \(rounded(middle - begin)) s, gradient "
                    + "\(rounded(end - middle)) s, \(gradient.weights.count) weights")
        }
    }

    static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
