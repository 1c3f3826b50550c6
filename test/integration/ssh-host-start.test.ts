import '../helpers/over-ssh';
import './local-host-start.test';
