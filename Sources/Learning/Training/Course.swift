// What shapes the course of a training run, as one number: a checkpoint is taken up by such a run alone.
import Mathematics
import Networks

extension TrainingOptions {
    /// Options that say how long a run goes on, how fast, and what is kept of it.
    private static let shapeless: Set = [
        "epochs", "average_epochs", "patience", "restore_best", "checkpoint_every", "resume", "learning_rate",
        "neuron_learning_rate", "delay_learning_rate", "schedule", "schedule_epochs", "schedule_gamma", "train",
    ]

    /// A hash of all that shapes what a run is: not how long it goes on, with which learning rates, nor where checkpoints lie.
    func fingerprint(_ substrate: any Substrate, _ rule: any GradientRule) -> UInt64 {
        var hash = Fingerprint()
        hash.add(loss.name)
        hash.add(loss.parameters)
        hash.add(rate.map { [$0.strength, $0.target, $0.tau ?? 0] } ?? [])
        hash.add([forward.endTime])
        hash.add(forward.maxSpikes.map { [Double($0)] } ?? [])
        for field in TrainingOptions.fields where !TrainingOptions.shapeless.contains(field.name) {
            switch field.get(self) {
            case .real(let value): hash.add([value])
            case .integer(let value): hash.add(UInt64(truncatingIfNeeded: value))
            case .word(let value): hash.add(value)
            case .open: hash.add(0)
            }
        }
        // What is trained, whether it is named or follows from a learning rate.
        hash.add(UInt64(optimizer.trained.rawValue))
        for (name, grid) in [(substrate.name, substrate.grid), (rule.name, rule.grid)] {
            hash.add(name)
            hash.add(grid.map { [$0.timeStep, Double($0.steps), Double($0.decay.rawValue), Double($0.copies)] } ?? [])
            if let bits = grid?.weightBits { hash.add([Double(bits)]) }
        }
        if !rule.parameters.isEmpty { hash.add(rule.parameters) }
        if !substrate.optionValues.isEmpty { hash.add(substrate.optionValues) }
        return hash.value
    }
}

extension Fingerprint {
    fileprivate mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }
}
