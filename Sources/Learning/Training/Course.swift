// What shapes the course of a training run, as one number: a checkpoint is taken up by such a run alone.
import Networks

extension TrainingOptions {
    /// A hash of all that shapes the course of a run: not how long it goes on, nor where checkpoints lie.
    func fingerprint(_ substrate: any Substrate, _ rule: any GradientRule) -> UInt64 {
        var hash = Fingerprint()
        hash.add(loss.name)
        hash.add(loss.parameters)
        hash.add(rate.map { [$0.strength, $0.target, $0.tau] } ?? [])
        hash.add([forward.endTime])
        hash.add(forward.maxSpikes.map { [Double($0)] } ?? [])
        hash.add(UInt64(truncatingIfNeeded: batchSize))
        hash.add(seed)
        hash.add(UInt64(optimizer.kind.rawValue))
        hash.add([
            optimizer.learningRate, optimizer.delayLearningRate, optimizer.momentum, optimizer.beta1, optimizer.beta2,
            optimizer.epsilon, optimizer.weightDecay, optimizer.clipValue, optimizer.clipNorm,
        ])
        hash.add(UInt64(schedule.kind.rawValue))
        hash.add(UInt64(truncatingIfNeeded: schedule.epochs))
        hash.add([schedule.gamma, bumping.amount, bumping.hiddenLimit, bumping.outputLimit, inputDropout])
        for (name, grid) in [(substrate.name, substrate.grid), (rule.name, rule.grid)] {
            hash.add(name)
            hash.add(grid.map { [$0.timeStep, Double($0.steps), Double($0.decay.rawValue), Double($0.copies)] } ?? [])
        }
        return hash.value
    }
}

extension Fingerprint {
    fileprivate mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }
}
