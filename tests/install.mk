# Installing and packing.
