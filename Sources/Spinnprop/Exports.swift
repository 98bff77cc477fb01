// The library as Swift users import it: `import Spinnprop` brings every room's public names.
@_exported import BrainScaleS2
@_exported import ClockDriven
@_exported import DataSets
@_exported import EventDriven
@_exported import FirstSpike
@_exported import Learning
@_exported import LocalLearning
@_exported import LocalLearningPrograms
@_exported import Mathematics
@_exported import Networks
@_exported import Neurons
@_exported import SparseRecurrent
@_exported import SpiNNaker2
@_exported import SpiNNaker2Programs
@_exported import Spikes
