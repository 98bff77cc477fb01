// What shapes the course of a training run: a checkpoint is taken up by a run of the same course alone.
import Mathematics
import Networks

extension TrainingOptions {
    /// Options that say how long a run goes on, how fast, and what is kept of it.
    private static let shapeless: Set = [
        "epochs", "average_epochs", "patience", "restore_best", "checkpoint_every", "resume", "learning_rate",
        "neuron_learning_rate", "delay_learning_rate", "schedule", "schedule_epochs", "schedule_gamma", "train",
    ]

    /// All that shapes what a run is, by what its makers call it, as hashes of the values: not how long it goes on, with which learning rates, how many
    /// spikes it may make, nor where checkpoints lie.
    func course(_ substrate: any Substrate, _ rule: any GradientRule) -> [CourseMark] {
        var marks: [CourseMark] = []
        func mark(_ name: String, _ add: (inout Fingerprint) -> Void) { marks.append(CourseMark(name, add)) }
        mark("loss") {
            $0.add(loss.name)
            $0.add(loss.parameters)
        }
        mark("rate") { $0.add(rate.map { [$0.strength, $0.target, $0.tau ?? 0] } ?? []) }
        mark("t_end") { $0.add([forward.endTime]) }
        for field in TrainingOptions.fields where !TrainingOptions.shapeless.contains(field.name) {
            mark(field.name) {
                switch field.get(self) {
                case .real(let value): $0.add([value])
                case .integer(let value): $0.add(UInt64(truncatingIfNeeded: value))
                case .word(let value): $0.add(value)
                case .open: $0.add(0)
                }
            }
        }
        mark("train") { $0.add(UInt64(optimizer.trained.rawValue)) }
        mark("engine") {
            $0.add(substrate.name, substrate.grid)
            $0.add(substrate.optionValues)
        }
        mark("gradient_engine") {
            $0.add(rule.name, rule.grid)
            $0.add(rule.parameters)
        }
        return marks
    }
}

/// One of the things that shape a run: two runs whose marks are the same take the same course.
struct CourseMark: Hashable {
    let name: String
    let value: UInt64
}

extension CourseMark {
    init(_ name: String, _ add: (inout Fingerprint) -> Void) {
        var hash = Fingerprint()
        add(&hash)
        self.init(name: name, value: hash.value)
    }
}

extension Fingerprint {
    fileprivate mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }

    fileprivate mutating func add(_ name: String, _ grid: TimeGrid?) {
        add(name)
        guard let grid else { return }
        add([grid.timeStep, Double(grid.steps), Double(grid.decay.rawValue), Double(grid.copies)])
        add(grid.weightBits.map { [Double($0)] } ?? [])
    }
}
