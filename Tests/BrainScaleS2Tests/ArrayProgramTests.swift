// Programs written in Swift, what they are charged, and arrays without an input.
import Mathematics
import Testing

@testable import BrainScaleS2

struct ArrayProgramTests {
    /// Counts its calls and adds one to every weight; throws at a call.
    private final class Increment: PlasticityProgram {
        var times: [Double] = []
        let failing: Int

        init(failing: Int = .max) { self.failing = failing }

        func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
            times.append(processor.time)
            let one = SignedLanes(repeating: 1, count: processor.neuronCount)
            for sender in 0..<processor.senderCount {
                processor.setWeights(of: sender, processor.sum(processor.weights(of: sender), one))
            }
            if times.count == failing { throw .invalidValue("enough") }
        }
    }

    private func array(_ change: (inout ArrayOptions) -> Void = { _ in }) throws -> NeuronArray {
        var options = ArrayOptions()
        (options.neuronCount, options.sourceCount) = (130, 2)
        change(&options)
        return try NeuronArray(options, ArrayNeurons(), signs: [1, -1])
    }

    @Test func programsRunAtPeriodsAndSaturate() throws {
        let array = try array()
        let program = Increment()
        var run = ArrayRunOptions()
        (run.duration, run.period) = (35, 0.5)
        try array.run(nil, run, program: program)
        #expect(program.times == (1...70).map { 0.5 * Double($0) })
        try array.withWeights {
            #expect($0.prefix(130).allSatisfy { $0 == 63 } && $0.suffix(130).allSatisfy { $0 == 0 })
        }
        // Two rows of two vectors each are read and written, and two sums made.
        #expect(array.account.calls == 70)
        #expect(array.account.costs == costs(rows: 70 * 8, instructions: 70 * 4))
        #expect(array.account.overruns == 0)
        #expect(array.account.seconds > 0)
    }

    private func costs(rows: Int, instructions: Int) -> ProcessorCosts {
        var own = ProcessorCosts()
        (own.rows, own.instructions) = (rows, instructions)
        return own
    }

    @Test func whatIsTooLongForItsPeriodIsCounted() throws {
        let array = try array { $0.speedup = 1e6 }
        var run = ArrayRunOptions()
        (run.duration, run.period) = (0.5, 0.125)
        try array.run(nil, run, program: Increment())
        #expect(array.account.overruns == 4)
    }

    @Test func aProgramThatThrowsEndsTheRun() throws {
        let array = try array()
        var run = ArrayRunOptions()
        (run.duration, run.period) = (10, 1)
        #expect(throws: SpinnpropError.invalidValue("enough")) {
            try array.run(nil, run, program: Increment(failing: 3))
        }
        #expect(array.time == 3)
        try array.withWeights { #expect($0.prefix(130).allSatisfy { $0 == 3 }) }
    }

    @Test func runsCanBeCancelled() throws {
        var neurons = ArrayNeurons()
        neurons.drive = [2]
        var options = ArrayOptions()
        (options.neuronCount, options.sourceCount) = (64, 1)
        let array = try NeuronArray(options, neurons)
        var run = ArrayRunOptions()
        run.duration = 1e4
        let monitor = Monitor { false }
        #expect(throws: SpinnpropError.cancelled) { try array.run(nil, run, monitor: monitor) }
        #expect(array.time > 0 && array.time < 1e4)
        #expect(array.spikeCount > 0)
    }
}
