// The backward pass of models with times as keys: states are recomputed between snapshots.
import Mathematics

extension Adjoint where K: TimedKernel {
    /// T_j <- c + period, T_i <- c + h(T_i - c, w): derivatives h', dh/dw, and 1 - h' with respect to c.
    func runTimed() throws(SpinnpropError) {
        guard let spacing = tape.spacing else { throw .unsupported("this run kept no snapshots") }
        let lambda = lambda.pointer
        // The state of every target before every event since the snapshot.
        var inputs = try LargeBuffer([K.State](), "the states of a stretch of the run")
        var end = tape.eventCount
        for snapshot in stride(from: tape.snapshots.count - 1, through: 0, by: -1) {
            let begin = snapshot * spacing
            var size = 0
            for event in begin..<end { size += replay.inputCount(event) }
            if size > inputs.count {
                let zero = replay.states.pointer[0]
                inputs = try LargeBuffer(count: size, repeating: zero, "the states of a stretch of the run")
            }
            replay.seek(snapshot: snapshot)
            let states = inputs.pointer
            var place = 0
            for event in begin..<end {
                replay.play(event, begin: { _, _ in }) { _, before, _, _, _ in
                    states[place] = before
                    place &+= 1
                }
                try spend(replay.inputCount(event))
            }
            while end > begin {
                end &-= 1
                place &-= replay.inputCount(end)
                try back(end, states + place, lambda)
            }
        }
    }

    private func back(
        _ event: Int, _ states: UnsafePointer<K.State>, _ lambda: UnsafeMutablePointer<Double>
    ) throws(SpinnpropError) {
        let cause = Int(tape.events[event])
        let moment = kernel.moment(tape.clocks[event])
        if cause < 0 {
            let unit = Int(recording.options.inputs.units[~cause])
            let slopes = kernel.slopes(states[0], unit, weight: recording.options.inputs.weights[~cause], moment)
            inputWeights[~cause] = lambda[unit] * slopes.weight
            inputTimes[~cause] = lambda[unit] * (1 - slopes.state) / recording.network.tau
            lambda[unit] *= slopes.state
            return
        }
        let (row, count, first) = (replay.rows.targets(cause), replay.rows.length(cause), replay.rows.first(cause))
        var p = takeTimeError() + lambda[cause]
        var index = 0
        while index < count {
            let target = Int(row[index])
            let slopes = kernel.slopes(states[index], target, weight: replay.weight(first, index), moment)
            let error = lambda[target]
            p += error * (1 - slopes.state)
            weightGradient.pointer[(first &+ index) &* weightStride] += error * slopes.weight
            lambda[target] = error * slopes.state
            index &+= 1
        }
        lambda[cause] = p
        try spend(2 * count)
    }
}
