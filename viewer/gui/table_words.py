"""Words of tables that are shown as they are, marked here for the translator: no code but QT_TR_NOOP.

They stand in resources/presets, in the models that are shipped, and in tiers that know no Qt. A name that a file or
another model brings is not among them and stays as it is.
"""

from __future__ import annotations

from viewer.gui.language import QT_TR_NOOP

PRESETS = (
    QT_TR_NOOP("Soft tissue"),
    QT_TR_NOOP("Lung"),
    QT_TR_NOOP("Bone"),
    QT_TR_NOOP("Brain"),
    QT_TR_NOOP("Abdomen"),
    QT_TR_NOOP("Mediastinum"),
    QT_TR_NOOP("Liver"),
    QT_TR_NOOP("Stroke"),
    QT_TR_NOOP("Angiography"),
    QT_TR_NOOP("Bone and vessels"),
    QT_TR_NOOP("Vessels"),
    QT_TR_NOOP("Skin"),
    QT_TR_NOOP("Airways"),
    QT_TR_NOOP("MIP"),
    QT_TR_NOOP("Tissue"),
    QT_TR_NOOP("Translucent"),
    QT_TR_NOOP("Bright vessels"),
    QT_TR_NOOP("MIP, hot metal"),
    QT_TR_NOOP("Hot spots"),
)
COLOUR_MAPS = (
    QT_TR_NOOP("Grey"),
    QT_TR_NOOP("Hot iron"),
    QT_TR_NOOP("PET"),
    QT_TR_NOOP("Hot metal blue"),
    QT_TR_NOOP("PET, 20 steps"),
    QT_TR_NOOP("Viridis"),
    QT_TR_NOOP("Inferno"),
    QT_TR_NOOP("Masks: a colour for each value"),
    QT_TR_NOOP("Masks"),
)
PLANES = (
    QT_TR_NOOP("axial"),
    QT_TR_NOOP("coronal"),
    QT_TR_NOOP("sagittal"),
)
SLABS = (
    QT_TR_NOOP("MIP"),
    QT_TR_NOOP("MinIP"),
    QT_TR_NOOP("Mean"),
)
UNITS_OF_LENGTH = (
    QT_TR_NOOP("mm"),
    QT_TR_NOOP("px"),
    QT_TR_NOOP("mm at detector"),
)
FUSED = (QT_TR_NOOP("Overlay"),)  # of a series without a modality
DEFAULT_LABELS = (
    QT_TR_NOOP("Region 1"),
    QT_TR_NOOP("Region 2"),
    QT_TR_NOOP("Region 3"),
)
SHIPPED_MODELS = (
    QT_TR_NOOP("Brain structures, head MR"),
    QT_TR_NOOP(
        "29 structures of the brain on head MR, best on T1-weighted scans; learnt from synthetic images "
        "alone (SynthSeg's method). Not for diagnostic use."
    ),
    QT_TR_NOOP("Left cerebral white matter"),
    QT_TR_NOOP("Right cerebral white matter"),
    QT_TR_NOOP("Left cerebral cortex"),
    QT_TR_NOOP("Right cerebral cortex"),
    QT_TR_NOOP("Left lateral ventricle"),
    QT_TR_NOOP("Right lateral ventricle"),
    QT_TR_NOOP("Left cerebellar white matter"),
    QT_TR_NOOP("Right cerebellar white matter"),
    QT_TR_NOOP("Left cerebellar cortex"),
    QT_TR_NOOP("Right cerebellar cortex"),
    QT_TR_NOOP("Left thalamus"),
    QT_TR_NOOP("Right thalamus"),
    QT_TR_NOOP("Left caudate nucleus"),
    QT_TR_NOOP("Right caudate nucleus"),
    QT_TR_NOOP("Left putamen"),
    QT_TR_NOOP("Right putamen"),
    QT_TR_NOOP("Left globus pallidus"),
    QT_TR_NOOP("Right globus pallidus"),
    QT_TR_NOOP("Left hippocampus"),
    QT_TR_NOOP("Right hippocampus"),
    QT_TR_NOOP("Left amygdala"),
    QT_TR_NOOP("Right amygdala"),
    QT_TR_NOOP("Left nucleus accumbens"),
    QT_TR_NOOP("Right nucleus accumbens"),
    QT_TR_NOOP("Left ventral diencephalon"),
    QT_TR_NOOP("Right ventral diencephalon"),
    QT_TR_NOOP("Third ventricle"),
    QT_TR_NOOP("Fourth ventricle"),
    QT_TR_NOOP("Brainstem"),
    QT_TR_NOOP("Hippocampus, head MR"),
    QT_TR_NOOP("Anterior and posterior hippocampus on T1-weighted MR about the hippocampus."),
    QT_TR_NOOP("Anterior hippocampus"),
    QT_TR_NOOP("Posterior hippocampus"),
)
