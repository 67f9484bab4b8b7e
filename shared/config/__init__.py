"""`patchbay.yaml`: what it may say (`models`) and how it is read and checked (`load`)."""
