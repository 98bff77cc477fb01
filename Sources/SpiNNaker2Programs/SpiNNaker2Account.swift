// What running on the emulated SpiNNaker2 cost: time, energy and memory, all estimated from counters and the table of constants.
import Mathematics
import Networks
import SpiNNaker2

/// One PE's part of an account.
public struct PEAccount: Equatable, Sendable {
    public let placed: PlacedProgram
    /// What it counted in each phase, in the order of `SpiNNaker2Account.phases`.
    public let counters: [PECounters]
}

/// All PEs with the same program, in one phase.
public struct ProgramAccount: Equatable, Sendable {
    public let program: String
    public let phase: String
    public let pes: Int
    public let counters: PECounters
}

/// Forward runs that were no part of a training step.
public struct EvaluationAccount: Equatable, Sendable {
    public var samples = 0
    public var seconds = 0.0
    public var energy = 0.0

    package static func += (left: inout EvaluationAccount, right: EvaluationAccount) {
        left.samples += right.samples
        left.seconds += right.seconds
        left.energy += right.energy
    }
}

/// The account of all that has run on a chip since it was mapped or the account was reset. Times, powers and energies are estimates
/// that rest on `constants` and `costs`.
public struct SpiNNaker2Account: Equatable, Sendable {
    public let copies: Int
    public let chips: Int
    public let usedPEs: Int
    public let steps: Int
    /// Samples run forward, samples run backward, the batches they came in, and optimiser steps taken on the chip: fewer than batches
    /// where the host raises weights of silent neurons instead, or trains delays.
    public let forwardSamples: Int
    public let backwardSamples: Int
    public let batches: Int
    public let updates: Int
    /// Part of the phase "forward": runs that no backward run on the chip has followed, as those on a validation set.
    public let evaluation: EvaluationAccount
    /// "forward", "loss", "backward", "gather", "update".
    public let phases: [PhaseAccount]
    public let programs: [ProgramAccount]
    public let pes: [PEAccount]
    /// Bits over each link, `6 * chip + direction`, and how busy the busiest one was, 0 to 1.
    public let linkBits: [Int]
    public let busiestLinkLoad: Double
    /// How busy the memory interface was on the chip where it was busiest, 0 to 1.
    public let busiestDRAMLoad: Double
    /// The first slips, at most `Machine.loggedSlips`.
    public let slips: [Slip]
    /// Parameters, samples, labels and spikes that passed between host and chip, in bytes.
    public let hostBytes: Int
    public let constants: SpiNNaker2Constants
    public let costs: ProgramCosts

    /// Time by the chip's clock over all phases, without traffic with the host; energy in joules, mean power in watts.
    public var seconds: Double { phases.reduce(0) { $0 + $1.time.seconds } }
    public var energy: Double { phases.reduce(0) { $0 + $1.energy.total } }
    public var meanPower: Double { seconds > 0 ? energy / seconds : 0 }
    public var hostSeconds: Double { Double(8 * hostBytes) / constants[.hostBandwidth] }

    /// What loading the programs once and leaving the chip clean takes; not part of `seconds`.
    public var setUpSeconds: Double { constants[.setUpTime] + constants[.cleanUpTime] }

    /// Time and energy of a sample run forward, while copies run side by side; 0 before the first sample.
    public var secondsPerSample: Double { perSample(\.time.seconds) }
    public var energyPerSample: Double { perSample(\.energy.total) }

    private func perSample(_ part: KeyPath<PhaseAccount, Double>) -> Double {
        forwardSamples > 0 ? phases[SpiNNaker2Phase.forward.rawValue][keyPath: part] / Double(forwardSamples) : 0
    }

    /// Time and energy of a training step, evaluations left out: all phases over the number of batches; 0 before the first
    /// batch.
    public var secondsPerStep: Double { batches > 0 ? (seconds - evaluation.seconds) / Double(batches) : 0 }
    public var energyPerStep: Double { batches > 0 ? (energy - evaluation.energy) / Double(batches) : 0 }

    /// The PE with the least memory left, and what its largest buffer is.
    public var tightest: (pe: PEAccount, buffer: String, bytes: Int)? {
        guard let pe = pes.max(by: { $0.placed.sramHighWater < $1.placed.sramHighWater }) else { return nil }
        let (names, bytes) = (pe.placed.bufferNames, pe.placed.bufferBytes)
        guard let largest = bytes.indices.max(by: { bytes[$0] < bytes[$1] }) else { return nil }
        return (pe, names[largest], bytes[largest])
    }
}

extension PlacedProgram {
    /// What lies on a PE of a machine.
    package init(on machine: Machine, pe: Int, _ program: String, copy: Int, layer: Int, first: Int, count: Int) {
        let (board, buffers) = (machine.board, machine.buffers(pe: pe))
        self.init(
            pe: pe, chip: board.chip(ofPE: pe), position: QuadGrid.position(ofPE: board.localPE(pe)), program: program,
            copy: copy, layer: layer, firstUnit: first, unitCount: count, bufferNames: buffers.map(\.name),
            bufferBytes: buffers.map(\.byteCount), sramUsed: machine.sramUsed(pe: pe),
            sramHighWater: machine.sramHighWater(pe: pe))
    }
}

/// What has been run, besides what the machine counts.
package struct RunCounts: Equatable, Sendable {
    package var forwardSamples = 0
    package var backwardSamples = 0
    package var batches = 0
    package var updates = 0
    /// Parameters and spikes that came from or went to the host, in bytes.
    package var hostBytes = 0
    /// What forward runs by themselves took.
    package var evaluation = EvaluationAccount()

    package init() {}
}

extension SpiNNaker2Account {
    /// - Parameter programs: the names of programs, in the order of an account's rows.
    package init(
        _ machine: Machine, _ placed: [PlacedProgram], programs names: [String], copies: Int, steps: Int,
        _ counts: RunCounts, costs: ProgramCosts
    ) {
        let phases = machine.phaseNames
        let pes = placed.map { own in
            PEAccount(placed: own, counters: phases.indices.map { machine.counters(pe: own.pe, phase: $0) })
        }
        var programs: [ProgramAccount] = []
        for name in names {
            let own = pes.filter { $0.placed.program == name }
            for (phase, phaseName) in phases.enumerated() {
                var sum = PECounters()
                for pe in own { sum += pe.counters[phase] }
                programs.append(ProgramAccount(program: name, phase: phaseName, pes: own.count, counters: sum))
            }
        }
        self.init(
            copies: copies, chips: machine.board.chipCount, usedPEs: placed.count, steps: steps,
            forwardSamples: counts.forwardSamples, backwardSamples: counts.backwardSamples, batches: counts.batches,
            updates: counts.updates, evaluation: counts.evaluation, phases: machine.phaseAccounts, programs: programs,
            pes: pes, linkBits: machine.linkBits, busiestLinkLoad: machine.busiestLinkLoad,
            busiestDRAMLoad: machine.busiestDRAMLoad, slips: machine.slips, hostBytes: counts.hostBytes,
            constants: machine.board.constants, costs: costs)
    }
}

extension SpiNNaker2Emulation {
    /// What runs where, PE by PE.
    var placedPrograms: [PlacedProgram] {
        var result: [PlacedProgram] = []
        func add(_ pe: Int, _ program: String, copy: Int, layer: Int, first: Int, count: Int) {
            result.append(
                PlacedProgram(on: machine, pe: pe, program, copy: copy, layer: layer, first: first, count: count))
        }
        for copy in 0..<copies {
            add(
                layout.inputPE(copy: copy), inputs[copy].name, copy: copy, layer: -1, first: 0, count: shape.sizes[0])
            for (layer, programs) in neurons[copy].enumerated() {
                for (program, pe) in zip(programs, layout.pes(copy: copy, population: layer + 1)) {
                    let slice = program.place.slice
                    add(pe, program.name, copy: copy, layer: layer, first: slice.first, count: slice.count)
                }
            }
            add(
                layout.lossPE(copy: copy), losses[copy].name, copy: copy, layer: -1, first: 0,
                count: shape.sizes[shape.layerCount])
        }
        var first = 0
        for (program, pe) in zip(optimizers, layout.optimizerPEs) {
            let count = program.chunks.reduce(0) { $0 + $1.chunk.count }
            add(pe, program.name, copy: -1, layer: -1, first: first, count: count)
            first += count
        }
        return result.sorted { $0.pe < $1.pe }
    }

    package var account: SpiNNaker2Account {
        var counts = counts
        if let lastForward { counts.evaluation += lastForward.account }
        return SpiNNaker2Account(
            machine, placedPrograms, programs: ["input", "neurons", "loss", "optimizer"], copies: copies,
            steps: grid.steps, counts, costs: options.costs)
    }

    /// Goes on with the account of a chip on which every program has the same place.
    func inheritAccount(from other: SpiNNaker2Emulation) {
        guard layout.copyPEs == other.layout.copyPEs, layout.optimizerPEs == other.layout.optimizerPEs,
            layout.cut.slices == other.layout.cut.slices
        else { return }
        machine.inherit(from: other.machine)
        (counts, lastForward) = (other.counts, other.lastForward)
    }

    package func resetAccount() {
        machine.resetCounters()
        (counts, lastForward) = (RunCounts(), nil)
    }
}
